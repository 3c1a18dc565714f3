"""Solve a graph game: tangent cuts for the paths of the attacker's best responses."""

from __future__ import annotations

import math
import time

import numpy as np

from mfmgame.certificates.duality_certificate import Certificate, lower_bound, proved
from mfmgame.game.feasibility import proportional_allocation, scaled_to_limits, with_all_free
from mfmgame.paths.graph_game import GraphGame
from mfmgame.paths.listed_paths import ListedPaths
from mfmgame.paths.path_cuts import PathCuts
from mfmgame.paths.path_search import respond, goal_labels, worst_loss_bound

_MAX_ROUNDS = 600
CL=float(__import__('os').environ.get('CL',2.0))
INO=float(__import__('os').environ.get('INO',.0))

def scaled(listed, game, cert):
    loss_of=np.array(listed.goals)
    w=cert.weights; g=loss_of[cert.threats]
    eff=np.bincount(g,weights=w,minlength=1)
    w=w/np.maximum(eff[g],1.0)*(1-1e-15)
    used=math.fsum((w*listed.bandwidth[cert.threats]).tolist())
    w=w*min(1.0, game.attacker_bandwidth/used*(1-1e-15) if used>0 else 1.0)
    return Certificate(cert.threats,cert.anchors,w,cert.limit_prices)

def solve(game: GraphGame, tolerance=1e-6, verbose=False, stab=0.5, every=2):
    frame = game.techniques
    listed = ListedPaths(game)
    cuts = PathCuts(game, listed)
    budget = game.attacker_bandwidth
    x = proportional_allocation(frame)
    free = with_all_free(frame, np.zeros(frame.n_defenses))
    reanchor=float(__import__('os').environ.get('RE',.2)); anchored=math.inf;guess=math.inf
    best, best_x, best_price = math.inf, x, 0.0
    lower = 0.0
    cert=None
    T=[0,0]
    point = None
    for rounds in range(_MAX_ROUNDS):
        t=time.time()
        response = respond(game, x)
        T[0]+=time.time()-t
        if response.loss < best:
            best, best_x, best_price = response.loss, x, response.price
            bmu = np.zeros(len(game.graph.goals))
            np.maximum.at(bmu, response.goals, game.graph.goal_loss[game.graph.goals][response.goals]*np.exp(-response.depths)-best_price*response.bits)
        new = listed.numbers(response.goals, response.paths)
        new0=new
        lo = max(lower, 0)
        if best<anchored: guess=min(guess,best)
        if lower > 0: guess = math.sqrt(lower*best)
        elif point is not None and modelled < .05*guess: guess /= 4
        if guess < anchored/(1+reanchor) or guess>anchored*(1+reanchor):
            new = np.arange(len(listed)); anchored=guess
            if verbose: print('re',rounds,best,lower,guess,len(listed))
        tau = guess/best*(best_price * listed.bandwidth[new] + bmu[np.array(listed.goals)[new]])
        added=cuts.add_at(new, np.log(listed.severity[new]/tau))
        new=new0
        tau = guess/best*(best_price * listed.bandwidth[new] + bmu[np.array(listed.goals)[new]])
        added+=cuts.add_at(new, np.maximum(listed.depths[new]@x,np.log(listed.severity[new]/tau)-CL))
        if (best - lower) <= 0.5*tolerance * best:
            break
        t=time.time()
        point = cuts.solve(budget, best)
        T[1]+=time.time()-t
        if point is None: print("none");break
        modelled = budget * point.price + float(point.surplus.sum())
        if modelled > lower:
            lower = modelled
            dual = cuts.dual(point)
        if verbose and rounds % verbose == 0:
            print(rounds, best, lower, (best-lower)/best, len(cuts), len(listed), added, T)
        x = scaled_to_limits(frame, np.maximum(point.allocation, free))
        if rounds % every == 1 and lower > INO*best:
            x = stab * x + (1-stab) * best_x
    upper = worst_loss_bound(game, best_x, best_price)
    cert = scaled(listed, game, dual)
    lb = lower_bound(listed.game(budget), listed.composition(), cert)
    if verbose: print(rounds, best, lower, 'proven', lb, upper, (upper-lb)/upper, len(listed), T)
    return best, lower, best_x
